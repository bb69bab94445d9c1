"""Where race data comes from: geocoders, race sources, the bundled catalogue."""
