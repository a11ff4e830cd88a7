#pragma once
// One pool of threads with oneDNN: libgomp's.

typedef void (*ork_body)(void *data, int part, int parts);

// Runs body for every part in 0 ..< parts, each on a thread of its own; where the pool grants fewer threads,
// a thread takes several parts.
void ork_parallel(int parts, ork_body body, void *data);
