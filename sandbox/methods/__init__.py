"""The Web API's methods, one module per family; importing this fills the table in `sandbox.calls`."""

from sandbox.methods import apps, chat, conversations, files, history, reactions, users, views

__all__ = ["apps", "chat", "conversations", "files", "history", "reactions", "users", "views"]
