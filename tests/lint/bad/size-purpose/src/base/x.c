/* SPDX-License-Identifier: Apache-2.0 */
int hp_x_get(void);
