/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup.h - the words written daily: owned variables that free themselves, and attributes. */
#pragma once
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define PRINTF(fmt, args)               __attribute__((format(printf, fmt, args)))
#define MUST_CHECK                      __attribute__((warn_unused_result))
#define HP_ARRAY_LEN(a)                 (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* A variable that is freed when it goes out of scope by fn(), for which the header of its type
 * says HP_AUTO_PTR(struct hp_x, hp_x_free) or HP_AUTO_VALUE(struct hp_x, hp_x_clear). */
#define AUTO(fn) __attribute__((cleanup(fn##_auto)))
#define HP_AUTO_PTR(type, fn)                                                                  \
	static inline void fn##_auto(type **p)                                                 \
	{                                                                                      \
		if (*p)                                                                        \
			fn(*p);                                                                \
	}                                                                                      \
	struct hp_auto_semicolon
#define HP_AUTO_VALUE(type, fn)                                                                \
	static inline void fn##_auto(type *p)                                                  \
	{                                                                                      \
		fn(p);                                                                         \
	}                                                                                      \
	struct hp_auto_semicolon

/* A variable that is freed with free(3). */
#define AUTO_FREE __attribute__((cleanup(hp_free_auto)))
static inline void hp_free_auto(void *p)
{
	void **memory = p;
	free(*memory);
}

/* A descriptor that is closed when it goes out of scope, unless it is -1. */
#define AUTO_CLOSE __attribute__((cleanup(hp_close_auto)))
static inline void hp_close_auto(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* Hand an owned pointer over: the variable is NULL afterwards. TAKE_FD does it for descriptors. */
#define TAKE(p)                                                                                \
	(__extension__({                                                                       \
		__typeof__(p) taken_ = (p);                                                    \
		(p) = NULL;                                                                    \
		taken_;                                                                        \
	}))
#define TAKE_FD(fd)                                                                            \
	(__extension__({                                                                       \
		int taken_ = (fd);                                                             \
		(fd) = -1;                                                                     \
		taken_;                                                                        \
	}))
