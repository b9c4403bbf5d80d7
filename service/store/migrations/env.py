"""How the revisions run: on the connection of the caller, within its transaction."""

from alembic import context

from service.store.lead_schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
