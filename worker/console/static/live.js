// Makes pages live; without it they work all the same, by sending their forms.
//
// <form data-live="#target">: while one types, the form is sent in the background, and the answer's element
// #target takes the place of the page's. An answer that comes after a newer question is thrown away. Where
// #target has the attribute data-again, its answer takes a while, and is asked for by itself.
//
// <section id="one" data-load="/path">: takes its place with the element #one of that answer, once it is there.
//
// <button data-copy="#field">: copies what is in the field.
//
// <time datetime="…">: an exact time becomes one in the reader's zone, with how long ago it was.
"use strict";

const PAUSE = 300; // milliseconds without a key before the form is sent

function follow(form) {
  let timer = 0;
  let asked = 0;
  const ask = async () => {
    const number = ++asked;
    const target = document.querySelector(form.dataset.live);
    target.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.dataset.liveAction || form.action, {
        method: "POST",
        body: new URLSearchParams(new FormData(form)),
        headers: { "X-Requested-With": "live" },
      });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector(form.dataset.live);
      if (number === asked && fresh) {
        target.replaceWith(fresh);
        localize(fresh);
        askAgain(fresh);
      }
    } catch {
      // Away for now: the button still sends the form.
    } finally {
      if (number === asked) document.querySelector(form.dataset.live)?.removeAttribute("aria-busy");
    }
  };
  const askAgain = (target) => {
    if (!target?.hasAttribute("data-again")) return;
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
  askAgain(document.querySelector(form.dataset.live));
}

document.documentElement.classList.add("has-script"); // what works by this file alone shows itself
document.querySelectorAll("form[data-live]").forEach(follow);

async function load(target) {
  try {
    const answer = await fetch(target.dataset.load, { headers: { "X-Requested-With": "live" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(target.id);
    if (fresh) target.replaceWith(fresh);
  } catch {
    // Away for now: the page, asked for again, tries again.
  }
}

document.querySelectorAll("[data-load]").forEach(load);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value);
    button.textContent = "Copied";
  } catch {
    source.select(); // where the browser does not let us, the keys do it
    button.textContent = "Selected: press Ctrl+C";
  }
});

// Steps of a relative time: how many seconds one is, and what it is called. A week ago and more is a date.
const STEPS = [[86400, "day"], [3600, "h"], [60, "min"]];
const LONGEST = 7 * 86400;
const SHORT = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "short" });
const EXACT = new Intl.DateTimeFormat("en-US", { dateStyle: "full", timeStyle: "long" });

function relative(at) {
  const seconds = Math.round((Date.now() - at) / 1000);
  const size = Math.abs(seconds);
  if (size >= LONGEST) return "";
  if (size < 60) return seconds < 0 ? "in a moment" : "just now";
  const [step, unit] = STEPS.find(([each]) => size >= each);
  const number = Math.floor(size / step);
  const text = `${number} ${unit === "day" && number > 1 ? "days" : unit}`;
  return seconds < 0 ? `in ${text}` : `${text} ago`;
}

function localize(root) {
  for (const one of root.querySelectorAll("time[datetime]:not([data-due])")) {
    const at = new Date(one.dateTime);
    if (Number.isNaN(at.getTime())) continue;
    const ago = relative(at);
    one.textContent = SHORT.format(at);
    if (ago) {
      const beside = document.createElement("span");
      beside.className = "ago";
      beside.textContent = ` (${ago})`;
      one.append(beside);
    }
    one.title = EXACT.format(at);
  }
}

if (document.querySelector("time[datetime]:not([data-due])")) {
  localize(document);
  setInterval(() => localize(document), 60000);
}

// <time data-due="…">: how long it is until then, a second at a time. By this machine's clock: only a hint.
const due = document.querySelectorAll("[data-due]");
if (due.length) {
  setInterval(() => {
    for (const one of due) {
      const seconds = Math.round((new Date(one.dataset.due) - Date.now()) / 1000);
      one.textContent = seconds > 0 ? `in ${seconds} s` : "about now";
    }
  }, 1000);
}
