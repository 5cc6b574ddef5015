// Requests to the console's server.

const HEADERS = { "X-Sluice-Console": "1" };

/** What the server refused or could not do, in its words. `status` 0: it did not answer. */
export class Refusal extends Error {
  constructor(status, words, body = {}) {
    super(words);
    this.status = status;
    this.body = body;
  }
}

const address = (path, query) => {
  const given = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== "");
  return given.length ? `${path}?${new URLSearchParams(given)}` : path;
};

const request = async (path, options) => {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refusal(0, "The console's server does not answer.");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refusal(response.status, body.error ?? `The server answered ${response.status}.`, body);
  return body;
};

export const get = (path, query, signal) => request(address(path, query), { signal });

export const post = (path, body) =>
  request(path, {
    method: "POST",
    headers: { ...HEADERS, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });

/** Uploads a file as an object; `progress` gets the share that is sent. */
export const upload = (node, key, file, progress) =>
  new Promise((resolve, reject) => {
    // fetch has no progress of what it sends.
    const sending = new XMLHttpRequest();
    sending.open("PUT", address("/api/object", { node, key }));
    sending.setRequestHeader("X-Sluice-Console", "1");
    if (file.type) sending.setRequestHeader("X-Content-Type", file.type);
    sending.responseType = "json";
    sending.upload.onprogress = (event) => event.lengthComputable && progress(event.loaded / event.total);
    sending.onload = () => {
      const body = sending.response ?? {};
      if (sending.status === 200) resolve(body);
      else reject(new Refusal(sending.status, body.error ?? `The server answered ${sending.status}.`, body));
    };
    sending.onerror = () => reject(new Refusal(0, "The file could not be read, or the console's server does not answer."));
    sending.send(file);
  });

export const downloadAddress = (node, key, version) => address("/api/object/content", { node, key, version });
