/* SPDX-License-Identifier: Apache-2.0 */
/* a.c - an example. */
int hp_frame__len(void)
{
	return 1;
}
