/* all.h - the views of this release, each in the file of its name.  Room: ui. */
#ifndef LK_UI_VIEWS_ALL_H
#define LK_UI_VIEWS_ALL_H

struct lk_view_ops;

extern const struct lk_view_ops lk_view_processes, lk_view_stacks, lk_view_source,
    lk_view_types, lk_view_containers, lk_view_memory, lk_view_baselines, lk_view_referrers,
    lk_view_suspects, lk_view_tree, lk_view_setup, lk_view_workers,
    lk_view_help;

#endif
