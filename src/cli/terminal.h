/* terminal.h - how wide standard output is.  Room: cli. */
#ifndef LK_CLI_TERMINAL_H
#define LK_CLI_TERMINAL_H

/* lk_terminal_cols - of the terminal that standard output is; OTHERWISE where it is none, or one
 * that does not say. */
int lk_terminal_cols(int otherwise);

#endif
