// What runs are called in a file or under a picture of them.

export const aboutRuns = (ids) => Promise.all(ids.map(async (id) => (await fetch(`/api/jobs/${id}/manifest`)).json()));

// Of several models beside each other what they share is said once.
export function titleOf(abouts) {
  const titles = abouts.map(({ title }) => title), shared = titles[0].slice(0, titles[0].lastIndexOf(", ") + 2);
  return titles.every((title) => title.startsWith(shared)) ? shared + titles.map((title) => title.slice(shared.length)).join(" and ") : titles.join("; ");
}

export const today = () => new Date().toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
