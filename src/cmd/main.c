/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the entry of the program harpoon. */
#include "cmd/cli.h"

int main(int argc, char **argv)
{
	return argc < 1 ? 2 : hp_cli_main((const char *const *)argv, "/proc/self/exe");
}
