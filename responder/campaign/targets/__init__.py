"""How requesters under test are run: described in TOML, each kind with a runner of its own."""
