-- Writes what is dirty.
checkpoint;
