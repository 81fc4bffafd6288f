/* SPDX-License-Identifier: Apache-2.0 */
/* x.c - an example. */
int hp_x_get( void ) {
    return 1;
}
