/* SPDX-License-Identifier: Apache-2.0 */
/* b.c - an example. */
int hp_call_len(void)
{
	return hp_frame__len();
}
