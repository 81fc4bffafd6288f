/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h - functions that nobody here may call, because a safer one is at hand.
 * From: the idea is git's banned.h. The build includes this file before every source of ours. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison gmtime localtime asctime
#pragma GCC poison atoi atol atoll atof strtok mktemp tmpnam system popen
/* Members of the kernel's structures are called so too: only a call is refused. */
#define ctime(...) hp_ctime_is_banned_
