"""Everything kept: the database, its tables, one module per feature, migrations."""
