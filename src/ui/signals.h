/* signals.h - signals become bytes in a pipe that the loop polls; a crash first gives the
 * terminal back.  Room: ui. */
#ifndef LK_UI_SIGNALS_H
#define LK_UI_SIGNALS_H

#include <stddef.h>

struct termios;

/* lk_signals_open - catch WINCH, TSTP, CONT, HUP, TERM, INT; ignore PIPE.
 * Returns: the descriptor to poll (one byte per signal: its number), or negative errno. */
int lk_signals_open(void);
void lk_signals_close(void);

/* lk_signals_next - the next caught signal, 0: none waiting.  WINCH comes once however many. */
int lk_signals_next(void);

/* lk_signals_guard - on SEGV, ABRT, BUS, FPE and ILL write RESTORE to FD, set its modes to
 * *MODES, put STDERR_FD (-1: none) back as descriptor 2, then die of the signal as before.
 * RESTORE and *MODES are copied; FD < 0 takes the guard off. */
void lk_signals_guard(int fd, const struct termios *modes, const char *restore,
    size_t restore_bytes, int stderr_fd);

/* lk_signals_stop - stop the foreground group as ^Z would, returns when continued. */
void lk_signals_stop(void);

#endif
