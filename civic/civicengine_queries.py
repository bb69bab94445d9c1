"""What CivicEngine is asked, in GraphQL.

Source: BallotReady's schema as its clients introspected it on Feb 14, 2025 (thegoodparty/gp-api,
src/generated/graphql.types.ts); developers.civicengine.com has the reference.
"""

from __future__ import annotations

_RACE = """
fragment RaceFacts on Race {
  databaseId isPrimary isRunoff isRecall isUnexpired isPartisan isDisabled seats
  election { name electionDay timezone }
  filingPeriods { startOn endOn type notes }
  position {
    databaseId name level appointed judicial retention partisanType salary seats state
    minimumAge mustBeResident mustBeRegisteredVoter eligibilityRequirements
    filingRequirements maximumFilingFee paperworkInstructions filingAddress filingPhone
    subAreaName subAreaValue mtfcc geoId hasUnknownBoundaries
    electionFrequencies { frequency validTo }
  }
}
"""

# Without the argument a service may leave out who has declared and is not on the official list yet.
_CANDIDACIES = """
fragment Standing on Race {
  databaseId
  candidacies(includeUncertified: true) {
    withdrawn isCertified isHidden result
    candidate { fullName urls(limit: 3) { type url } }
    parties { name }
  }
}
"""

RACES = f"""
query Races($location: LocationFilter, $filterBy: RaceFilter, $first: Int!, $after: String) {{
  races(
    location: $location, filterBy: $filterBy, first: $first, after: $after
    orderBy: {{ field: ELECTION_DAY, direction: ASC }}
  ) {{
    edges {{ node {{ ...RaceFacts }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_RACE}"""
"""The races of a point, a ZIP code or a state. Who stands in them is asked apart: together it is too much."""

AT_PLACES = f"""
query AtPlaces($filterBy: PositionFilter, $days: RaceFilter, $first: Int!, $after: String) {{
  positions(filterBy: $filterBy, first: $first, after: $after) {{
    edges {{ node {{
      mtfcc geoId
      races(filterBy: $days, first: 10) {{ edges {{ node {{ ...RaceFacts }} }} }}
    }} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
}}
{_RACE}"""
"""The races of whole cities and counties: races cannot be filtered by Census ids, positions can."""

CONTAINED = """
query Contained($location: LocationFilter, $filterBy: PositionFilter, $first: Int!, $after: String) {
  positions(location: $location, filterBy: $filterBy, first: $first, after: $after) {
    edges { isContained node { databaseId } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
"""Which positions cover the whole of a ZIP code, and which only some of it."""

STANDING = f"""
query Standing($ids: [ID!]!) {{
  nodes(ids: $ids) {{ ... on Race {{ ...Standing }} }}
}}
{_CANDIDACIES}"""
"""Who stands in many races at once."""

RACE = f"""
query OneRace($id: ID!, $days: RaceFilter) {{
  node(id: $id) {{
    ... on Race {{
      ...RaceFacts
      ...Standing
      position {{
        races(filterBy: $days, first: 50) {{ edges {{ node {{ ...RaceFacts ...Standing }} }} }}
        officeHolders(filterBy: {{ isCurrent: true }}, first: 20) {{
          nodes {{ isVacant person {{ fullName }} }}
        }}
      }}
    }}
  }}
}}
{_RACE}{_CANDIDACIES}"""
"""All about one race, with the primaries and runoffs of its position."""
