/* All rights reserved. */
/* x.c - an example. */
