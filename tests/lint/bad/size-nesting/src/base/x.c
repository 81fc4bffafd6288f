/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */

int hp_x_get(int a)
{
	for (int i = 0; i < a; i++) {
		while (a > i) {
			if (a == 5) {
				if (i == 3)
					return 1;
			}
			a--;
		}
	}
	return 0;
}
