/* SPDX-License-Identifier: Apache-2.0 */
/* up.c - an example. */
#include "net/grpc.h"
