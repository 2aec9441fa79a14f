// The text of an exported file: everything it needs stands in it, and it may ask nothing of any network.

const POLICY = "default-src 'none'; script-src 'unsafe-inline' data:; style-src 'unsafe-inline'; img-src data:; connect-src data:";
const WITHOUT_SCRIPTS = "The heatmaps and curves of this file are drawn by its own scripts, which are switched off here. Open it in a browser that runs JavaScript; no network is needed.";

export const fileText = ({ title, lines, verdicts, manifest, style, modules, contents }) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>
${style}
</style>
<script type="importmap">${inScript({ imports: modules })}</script>
</head>
<body>
<main>
<header>
<h1>${escaped(title)}</h1>
${paragraphs(lines)}
</header>
<noscript>
${paragraphs([WITHOUT_SCRIPTS, ...verdicts])}
</noscript>
<div id="parts"></div>
<section aria-labelledby="made">
<h2 id="made">How this was made</h2>
${manifest.map((each) => manifestOf(each, title)).join("\n")}
</section>
</main>
<script type="application/json" id="file">${inScript(contents)}</script>
<script type="module">import "components/export/opened.js";</script>
</body>
</html>
`;

// What stands above all as the file's title is not said again.
const manifestOf = ({ title, rows }, above) => `${title === above ? "" : `<h3>${escaped(title)}</h3>`}
<dl>
${rows.map(([name, value]) => `<dt>${escaped(name)}</dt><dd>${escaped(value)}</dd>`).join("\n")}
</dl>`;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escaped = (words) => String(words).replace(/[&<>"']/g, (letter) => ENTITIES[letter]);

// No text within a script may look like its end, whatever a person called a picture.
const inScript = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");

const paragraphs = (lines) => lines.map((words) => `<p>${escaped(words)}</p>`).join("\n");
