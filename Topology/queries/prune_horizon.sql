select max(horizon) from checkpoint
