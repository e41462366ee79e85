// Makes pages live; without it they work all the same, by sending their forms.
//
// <form data-live="#target">: while one types, the form is sent in the background, and the answer's element
// #target takes the place of the page's. An answer that comes after a newer question is thrown away. Where
// #target has the attribute data-again, its answer takes a while, and is asked for by itself.
//
// <button data-copy="#field">: copies what is in the field.
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

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.querySelector(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.value);
    button.textContent = "Copied";
  } catch {
    source.select(); // where the browser does not let us, the keys do it
    button.textContent = "Selected: copy it";
  }
});

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
