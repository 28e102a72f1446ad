import { Store } from "./store";

/** The modal dialogs that are open, the topmost last. All outside the topmost one is inert, wherever it is painted. */
export const dialogs = new Store<readonly HTMLDialogElement[]>([]);
