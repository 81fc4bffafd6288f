/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - an example. */
#include <json-c/json.h>
