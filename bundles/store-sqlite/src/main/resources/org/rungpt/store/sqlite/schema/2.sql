-- Labels, branches, search.

alter table conversation add column parent integer references conversation (number);
alter table conversation add column parent_seq integer not null default 0;
alter table conversation add column pinned integer not null default 0;
alter table conversation add column archived integer not null default 0;
-- Whether its events came with search text; those of an earlier version did not.
alter table conversation add column indexed integer not null default 0;

create index conversation_by_parent on conversation (parent) where parent is not null;

create index conversation_unindexed on conversation (number) where indexed = 0;

create table tag (
  conversation integer not null references conversation (number) on delete cascade,
  name         text    not null,
  primary key (conversation, name)
) without rowid;

create index tag_by_name on tag (name);

-- What a row of the index stands for: an event, or the title if seq is 0.
create table searchable (
  id           integer primary key,
  conversation integer not null references conversation (number) on delete cascade,
  seq          integer not null,
  unique (conversation, seq)
);

create virtual table search using fts5 (text, tokenize = 'unicode61 remove_diacritics 2');

-- What is deleted leaves the index at once, not at some later merge.
insert into search (search, rank) values ('secure-delete', 1);

insert into searchable (conversation, seq) select number, 0 from conversation order by number;

insert into search (rowid, text)
  select searchable.id, conversation.title from searchable join conversation on conversation.number = searchable.conversation;
