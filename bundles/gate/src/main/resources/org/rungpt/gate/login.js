'use strict';

const form = document.getElementById('form');
const field = document.getElementById('code');
const button = form.querySelector('button');
const state = document.getElementById('state');

function tell(text, isError) {
  state.textContent = text;
  state.classList.toggle('error', isError);
}

/** People paste the code or the whole login address. */
function codeOf(text) {
  const found = /code=([^&\s]+)/.exec(text);
  return found ? found[1] : text.trim();
}

async function logIn(code) {
  button.disabled = true;
  tell('Logging in …', false);
  try {
    const response = await fetch('/api/session', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-RunGPT': '1' },
      body: JSON.stringify({ code }),
    });
    if (response.ok) {
      location.replace('/');
      return;
    }
    const { error } = await response.json();
    tell([error.message, error.remedy].filter(Boolean).join(' '), true);
  } catch {
    tell('RunGPT does not answer. Is it running?', true);
  }
  button.disabled = false;
  field.select();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  logIn(codeOf(field.value));
});

function fromAddress() {
  if (location.hash.startsWith('#code=')) {
    const code = codeOf(location.hash);
    // Out of the address bar and the history before anything else.
    history.replaceState(null, '', '/login');
    logIn(code);
  } else {
    field.focus();
  }
}

window.addEventListener('hashchange', fromAddress);
fromAddress();
