/* SPDX-License-Identifier: Apache-2.0 */
/* shim-apart.h - what tests of the shim share that mount. */
#pragma once
#include "apart.h"
#include "shim-bundle.h"
