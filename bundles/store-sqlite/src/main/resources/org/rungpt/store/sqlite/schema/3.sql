-- In scripts without spaces each character is indexed by itself since: every text comes anew.

update conversation set indexed = 0;
