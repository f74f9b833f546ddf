"""The tables: declaration, catalogs, readers. Only this folder knows PyIceberg and Arrow."""
