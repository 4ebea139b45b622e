// The thumbs in an application of React 19, in its strict mode. The page says server, key and trace.
import { createElement as h, StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";
import "@sightline/sdk/widget";

function Answer({ server, publicKey }) {
  const [trace, setTrace] = useState("");
  const [shown, setShown] = useState(true);
  const [heard, setHeard] = useState([]);
  const thumbs = {
    server, trace, "public-key": publicKey, comment: true,
    "onsightline-feedback": (event) => setHeard((before) => [...before, event.detail.value]),
  };
  return h(
    "main", null,
    h("button", { id: "ask", onClick: () => setTrace(document.body.dataset.trace) }, "Ask"),
    h("button", { id: "toggle", onClick: () => setShown(!shown) }, "Show or hide"),
    shown && h("sightline-feedback", thumbs),
    h("output", null, JSON.stringify(heard)),
  );
}

const { server, key } = document.body.dataset;
const app = h(StrictMode, null, h(Answer, { server, publicKey: key }));
createRoot(document.getElementById("root")).render(app);
