-- Whether it was also proven that no schedule of that problem leaves fewer slots open.
alter table schedules add column bound_fewest boolean not null default false;
