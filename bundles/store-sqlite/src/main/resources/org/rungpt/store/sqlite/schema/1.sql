-- Times are nanoseconds since 1970-01-01T00:00:00Z.

create table conversation (
  number   integer primary key,
  id       text    not null unique,
  title    text    not null,
  created  integer not null,
  updated  integer not null,
  state    text    not null,
  model    text    not null,
  protocol text    not null,
  last_seq integer not null
);

create index conversation_by_update on conversation (updated desc, number desc);

create index conversation_busy on conversation (number) where state <> 'IDLE';

create table event (
  conversation integer not null references conversation (number) on delete cascade,
  seq          integer not null,
  at           integer not null,
  type         text    not null,
  data         text    not null,
  unique (conversation, seq)
);

create table setting (
  key   text primary key,
  value text not null
) without rowid;
