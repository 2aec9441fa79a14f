// Where an answer of the server is: at its address, or in the exported file that this page now is.

let answers = null;
const NOT_KEPT = "data:,";

export const served = (address) => (answers && address.startsWith("/api/") ? answers[address] ?? NOT_KEPT : address);

// Answers by address, as data: addresses; from now on no other is asked for.
export const keep = (brought) => { answers = brought; };
