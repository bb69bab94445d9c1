"""The house rules that a reader relies on: what is written down is what the code does."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from pydantic import SecretStr

from bot.application import Application
from bot.manifest import bot_scopes, manifest
from bot.settings import Settings
from messages.deliveries import what

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PACKAGES = ("bot", "handlers", "scheduler", "storage", "messages", "community", "civic", "sandbox")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def required(lines: list[str]) -> list[str]:
    return [normal(re.match(r"[\w.-]+", line)[0]) for line in lines]


RUN = required(PROJECT["project"]["dependencies"])
DEVELOP = required(PROJECT["project"]["optional-dependencies"]["dev"])


def tracked() -> list[Path]:
    """The files that are, or would be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def table(text: str, heading: str) -> list[list[str]]:
    """The rows of the first table whose header begins with `heading`."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {heading} |"))
    rows: list[list[str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def first_cells(text: str, heading: str) -> list[str]:
    return [row[0].strip("`") for row in table(text, heading)]


def settings_table() -> str:
    """The README's table of settings as it has to be."""
    lines = ["| Variable | Default | Meaning |", "| --- | --- | --- |"]
    for name, field in Settings.model_fields.items():
        if field.is_required():
            default = "**required**"
        else:
            default = "" if field.default in {None, ""} else f"`{field.default}`"
        lines.append(f"| `{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def test_the_readme_lists_every_setting_as_it_is():
    written = README.partition("<!-- settings: begin -->\n")[2].partition("\n<!-- settings: end -->")[0]
    assert written == settings_table()


def test_every_scope_is_explained_and_no_other():
    assert sorted(first_cells(README, "Scope")) == sorted(bot_scopes())


def test_every_event_is_explained_and_no_other():
    events = manifest()["settings"]["event_subscriptions"]["bot_events"]
    assert sorted(first_cells(README, "Event")) == sorted(events)


def test_every_command_and_shortcut_is_explained_and_no_other():
    features = manifest()["features"]
    offered = [each["command"] for each in features["slash_commands"]]
    offered += [each["callback_id"] for each in features["shortcuts"]]
    assert sorted(first_cells(README, "Way in")) == sorted(offered)


WHY_SCOPES = {
    # docs.slack.dev/reference/methods and /events: what needs each scope. Methods as Slack writes them.
    "commands": set(),
    # files.getUploadURLExternal and files.completeUploadExternal are called by the sender, by name.
    "chat:write": {"chat.postMessage", "chat.update", "chat.delete", "chat.postEphemeral"},
    "files:write": {"files.getUploadURLExternal", "files.completeUploadExternal"},
    "im:write": {"conversations.open"},
    "mpim:write": {"conversations.open"},
    "im:history": {"conversations.history", "conversations.replies", "message.im"},
    "mpim:history": {"conversations.history", "conversations.replies", "message.mpim"},
    "channels:history": {"conversations.history", "conversations.replies"},
    "groups:history": {"conversations.history", "conversations.replies"},
    "channels:read": {"conversations.info", "member_joined_channel"},
    "groups:read": {"conversations.info", "member_joined_channel"},
    "users:read": {"users.info", "users.list", "team_join", "user_change"},
    "users:read.email": {"users.lookupByEmail"},
}
NO_SCOPE = {
    "auth.test",
    "apps.connections.open",
    "views.open",
    "views.push",
    "views.update",
    "views.publish",
    "app_home_opened",
}


def methods_called() -> set[str]:
    """The Web API methods that are called through the SDK's client, as Slack writes them."""
    called: set[str] = set()
    for package in ("bot", "handlers", "scheduler"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Attribute) and re.fullmatch(
                    r"(?:chat|conversations|users|views|auth|apps|files|reactions|pins|team)_\w+", node.attr
                ):
                    called.add(
                        node.attr.replace("_", ".")
                        if node.attr != "apps_connections_open"
                        else "apps.connections.open"
                    )
    return called


def test_every_scope_is_needed_and_every_call_and_event_has_its_scope():
    assert set(WHY_SCOPES) == bot_scopes()
    known = set.union(NO_SCOPE, *WHY_SCOPES.values())
    assert methods_called() <= known
    assert set(manifest()["settings"]["event_subscriptions"]["bot_events"]) <= known


@pytest.fixture
async def application(tmp_path):
    """The app as it is put together, not started."""
    made = Application(
        Settings(
            slack_bot_token=SecretStr("xoxb-1"),
            slack_app_token=SecretStr("xapp-1"),
            mentor_channel="C0MENTORS",
            staff_channel="C0STAFF",
            staff_user_ids=("U0ANA",),
            database_url=f"sqlite+aiosqlite:///{tmp_path / 'x.db'}",
        )
    )
    yield made
    await made.database.close()


def test_one_job_looks_after_requests_and_looks_at_once(application):
    looking = [job for job in application._jobs() if "tend_requests" in job.name]
    assert [(job.at_start, job.every.total_seconds() <= 60) for job in looking] == [(True, True)]


def test_staff_reads_of_every_message_that_failed_what_it_was(application):
    for name in application.outbox._sender._renderers:
        said = what(SimpleNamespace(family=name, about={}))
        assert (said == "a message") is name.startswith(("home", "deliveries.")), name


def test_the_manifest_offers_exactly_what_somebody_listens_to(application):
    heard: dict[str, set[str]] = {}
    for each in application.listening.registered:
        heard.setdefault(each.kind, set()).add(each.name)
    features = manifest()["features"]
    assert {each["command"] for each in features["slash_commands"]} == {
        name for name in heard["command"] if "*" not in name
    }
    # The catch-alls are regular expressions, not names.
    assert {each["callback_id"] for each in features["shortcuts"]} == {
        name for name in heard["shortcut"] if "*" not in name
    }
    events = {name.split(".")[0] for name in manifest()["settings"]["event_subscriptions"]["bot_events"]}
    assert events == {name for name in heard["event"] if "*" not in name}


def test_the_manifest_keeps_to_slacks_limits():
    # The limits of Slack's public manifest schema, version 2.
    about = manifest()["display_information"]
    assert set(manifest()) <= {"_metadata", "display_information", "features", "oauth_config", "settings"}
    assert 1 <= len(about["name"]) <= 35
    assert 1 <= len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    assert re.fullmatch(r"#([0-9a-f]{3}|[0-9a-f]{6})", about["background_color"])
    features = manifest()["features"]
    assert re.fullmatch(r"[a-z0-9._-]{1,80}", features["bot_user"]["display_name"])
    assert 1 <= len(features["slash_commands"]) <= 50
    for command in features["slash_commands"]:
        assert re.fullmatch(r"/[a-z0-9_-]{1,31}", command["command"])
        assert 1 <= len(command["description"]) <= 2000
        assert 1 <= len(command["usage_hint"]) <= 1000
        assert "url" not in command, "with Socket Mode there is none"
    assert 1 <= len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert shortcut["type"] in {"message", "global"}
        assert 1 <= len(shortcut["name"]) <= 24
        assert 1 <= len(shortcut["description"]) <= 150
        assert 1 <= len(shortcut["callback_id"]) <= 255
    assert len(bot_scopes()) == len(manifest()["oauth_config"]["scopes"]["bot"]) <= 255
    settings = manifest()["settings"]
    assert len(settings["event_subscriptions"]["bot_events"]) <= 100
    assert settings["interactivity"]["is_enabled"]
    assert settings["socket_mode_enabled"]
    assert not settings["org_deploy_enabled"]
    assert not settings["token_rotation_enabled"]
    assert features["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_commands_leave_text_as_it_was_typed_unless_it_names_people():
    escaped = {each["command"]: each["should_escape"] for each in manifest()["features"]["slash_commands"]}
    assert {command for command, wanted in escaped.items() if wanted} == {"/journey"}


def test_the_page_on_dependencies_names_exactly_those_there_are():
    page = (ROOT / "docs/dependencies.md").read_text("utf-8")
    run, develop = page.split("## To develop")
    assert sorted(map(normal, first_cells(run, "Library"))) == sorted(RUN)
    assert sorted(map(normal, first_cells(develop, "Library"))) == sorted(DEVELOP)


def test_every_dependency_and_what_it_needs_is_pinned():
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    pinned = dict(line.split("==") for line in lines)
    names = {normal(name) for name in pinned}
    assert set(RUN + DEVELOP) <= names
    missing: set[str] = set()
    for name in names:
        for line in importlib.metadata.requires(name) or []:
            # What only an extra or another machine needs is not ours to pin.
            if ";" not in line:
                missing |= set(required([line])) - names
    assert not missing


def test_every_library_that_is_imported_is_declared():
    ours = {*PACKAGES, *sys.stdlib_module_names}
    given = importlib.metadata.packages_distributions()
    undeclared: dict[str, str] = {}
    for path in tracked():
        if path.suffix != ".py" or path.relative_to(ROOT).parts[0] not in PACKAGES:
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module]
            for name in (each.split(".")[0] for each in names):
                if name not in ours and not set(map(normal, given.get(name, []))) & set(RUN):
                    undeclared[name] = str(path.relative_to(ROOT))
    assert not undeclared


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_opens_with_a_sentence(package):
    for path in (ROOT / package).rglob("*.py"):
        if "migrations" in path.parts:
            continue
        says = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        assert says, f"{path.relative_to(ROOT)} does not say what it is for"
        assert says.splitlines()[0][-1] in ".!?:", f"{path.relative_to(ROOT)}: the first line is no sentence"


def test_no_file_knows_the_machine_it_was_written_on():
    # A path of somebody's home or checkout, or the address of a package index other than the public one.
    foreign = re.compile(
        r"/(?:home|Users|root|opt)/[a-z]\w*/|/work"
        r"/|(?:extra-)?index-url|find-links|(?:devpi|artifactory|nexus)\.",
        re.IGNORECASE,
    )
    found = []
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        if path == Path(__file__).resolve():
            continue
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in foreign.finditer(text)]
    assert not found


def test_no_file_holds_a_token():
    token = re.compile(
        r"\bxox[abpe]-\d{9,}-\d{9,}-[A-Za-z0-9]{20,}|\bxapp-\d-[A-Z0-9]{9,}-\d{9,}-[0-9a-f]{40,}"
    )
    for path in tracked():
        assert not token.search(path.read_bytes().decode("utf-8", "replace")), path.name


def test_imports_keep_to_the_house():
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_decision_names_a_check_that_exists():
    records = [path for path in (ROOT / "docs/decisions").glob("*.md") if path.name != "template.md"]
    assert records
    for path in records:
        text = path.read_text("utf-8")
        checks = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text.partition("## Check")[2])
        assert checks, f"{path.name} names no check"
        for file, test in checks:
            assert f"def {test}(" in (ROOT / file).read_text("utf-8"), f"{path.name}: there is no {test}"
        assert len(text.splitlines()) <= 120, f"{path.name} is longer than two pages"


def test_what_the_readme_points_to_is_there():
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)
    assert targets
    for target in targets:
        assert (ROOT / target).exists(), target


def test_makefile_targets_named_in_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in {
        one or other for one, other in re.findall(r"^ *make ([a-z]+)|`make ([a-z]+)", README, re.MULTILINE)
    }:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_manifest_is_plain_yaml_with_unique_keys():
    class Strict(yaml.SafeLoader):
        """Refuses a key that is there twice."""

    def unique(loader, node):
        keys = [loader.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return {
            loader.construct_object(key): loader.construct_object(value, deep=True)
            for key, value in node.value
        }

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, unique)
    assert yaml.load((ROOT / "manifest.yml").read_text("utf-8"), Strict) == manifest()
