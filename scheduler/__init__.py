"""Nobody asks: the table of jobs, one module per feature, and the outbox that sends deliveries."""
