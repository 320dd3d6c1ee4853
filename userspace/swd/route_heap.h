/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A heap of vertices by distance, four children to a node: half as deep as a
 * binary one, and four children are one cache line. A vertex may be in it more
 * than once; who takes one out sees by its distance whether it is stale.
 */
#ifndef _SKYWIRE_SWD_ROUTE_HEAP_H
#define _SKYWIRE_SWD_ROUTE_HEAP_H

#include <stdlib.h>

#include <skywire/types.h>

struct heap_entry {
	__u64	distance;
	__u32	vertex;
};

struct heap {
	struct heap_entry	*entries;
	__u32			count;
	__u32			room;
};

static inline bool heap_push(struct heap *heap, __u64 distance, __u32 vertex)
{
	__u32 i = heap->count;

	if (i == heap->room) {
		__u32 room = heap->room ? heap->room * 2 : 256;
		void *entries = realloc(heap->entries, room * sizeof(*heap->entries));

		if (!entries)
			return false;
		heap->entries = entries;
		heap->room = room;
	}
	heap->count++;
	for (; i && heap->entries[(i - 1) / 4].distance > distance; i = (i - 1) / 4)
		heap->entries[i] = heap->entries[(i - 1) / 4];
	heap->entries[i].distance = distance;
	heap->entries[i].vertex = vertex;
	return true;
}

static inline __u32 heap_least_child(const struct heap *heap, __u32 i)
{
	__u32 child = i * 4 + 1, end = child + 4, least = child;

	if (end > heap->count)
		end = heap->count;
	while (++child < end)
		if (heap->entries[child].distance < heap->entries[least].distance)
			least = child;
	return least;
}

/* Of a heap that is not empty */
static inline struct heap_entry heap_pop(struct heap *heap)
{
	struct heap_entry top = heap->entries[0], last = heap->entries[--heap->count];
	__u32 i = 0, child;

	while (i * 4 + 1 < heap->count) {
		child = heap_least_child(heap, i);
		if (heap->entries[child].distance >= last.distance)
			break;
		heap->entries[i] = heap->entries[child];
		i = child;
	}
	heap->entries[i] = last;
	return top;
}

static inline void heap_free(struct heap *heap)
{
	free(heap->entries);
	*heap = (struct heap) { 0 };
}

#endif /* _SKYWIRE_SWD_ROUTE_HEAP_H */
