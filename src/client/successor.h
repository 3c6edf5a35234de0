/* successor.h - who runs now what a process that has ended ran.  Room: client. */
#ifndef LK_CLIENT_SUCCESSOR_H
#define LK_CLIENT_SUCCESSOR_H

struct lk_process;
struct lk_process_info;

/* lk_successor_find - of LIST, the processes of this host: the same command of the same user, in
 * the same cgroup as far as both are known, begun at most MAX_UP_S ago.  Of several, such as a
 * master and its workers, the one that began first.  NULL: there is none.  Borrowed from LIST. */
const struct lk_process *lk_successor_find(const struct lk_process *list, int count,
    const struct lk_process_info *ended, double max_up_s);

#endif
