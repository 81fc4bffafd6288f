/* SPDX-License-Identifier: Apache-2.0 */
/* library.c - what libharpoon says about itself. */
#include <harpoon/harpoon.h>

const char *hp_library_version(void)
{
	return HP_VERSION;
}
