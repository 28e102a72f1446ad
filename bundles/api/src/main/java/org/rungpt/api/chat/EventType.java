package org.rungpt.api.chat;

/**
 * The types of events and the fields of their data. {@code turn}, {@code message} and {@code call} are ids; {@code offset} counts
 * UTF-16 code units in texts of messages and bytes in output of calls; {@code ?} marks what may be absent. Readers ignore types and
 * fields that they do not know.
 *
 * <p>Transient events ({@code *.delta}) are told to {@link ConversationListener}s at once and never stored. Each is followed, at
 * most some 250 ms later, by a stored event that holds the same text at the same offset: readers merge by offset.
 */
public final class EventType {
    /** The conversation begins and what the model is told first is frozen: {@code nonce, protocol, system, actions:[{id, alias, version, contentHash}]}. */
    public static final String CONVERSATION_STARTED = "conversation.started";
    /** Another model or protocol from here on: {@code model?, protocol?}. */
    public static final String CONVERSATION_CHANGED = "conversation.changed";
    /** {@code title, automatic}. */
    public static final String CONVERSATION_TITLED = "conversation.titled";
    /**
     * The user said something: {@code message, text, calls?:[{task, arguments, start, end}], run?, escapes?:[offset], attachments?:
     * [{artifact, name, mediaType, size}]} (pictures) {@code , sampling?:{maxTokens?, temperature?, topP?, presencePenalty?, frequencyPenalty?,
     * seed?, stop?, effort?}}. {@code calls} are made before the model sees
     * the message, their outputs take the place of the characters from {@code start} to {@code end}; with {@code run} the message is nothing but a
     * call, and no model is asked. The characters at {@code escapes} are left out of what the model is told. With {@code imported} it was said elsewhere: its calls are never made here.
     */
    public static final String MESSAGE_USER = "message.user";
    /** Something that was said elsewhere, before this conversation began: {@code message, role: system|user|assistant, text, attachments?}. It is never run. */
    public static final String MESSAGE_IMPORTED = "message.imported";
    /** The calls in a user's message have ended; the model is told this text instead: {@code message, text, calls:[call]}. */
    public static final String MESSAGE_EXPANDED = "message.expanded";
    /** RunGPT tells the model something: {@code message, text, actions?, elsewhere?:[call]} (actions as in {@link #CONVERSATION_STARTED}, if they changed; calls that go on in the conversation of which this is a branch, and in it alone). */
    public static final String MESSAGE_NOTICE = "message.notice";
    /** {@code turn, cause: user|continue|output}; {@code output}: a result that was waited for has come. */
    public static final String TURN_STARTED = "turn.started";
    /** Old outputs were shortened for the model, so that the conversation fits it: {@code calls:[call], tokens, room}; users still see all. */
    public static final String CONTEXT_SHORTENED = "context.shortened";
    /**
     * The model is told a summary instead of the first messages, up to {@code through}, so that the conversation fits it: {@code message,
     * through, messages (how many), text, kept?: [message], usage?: {input, output, estimated, cost?}, durationMillis?}; users still see all.
     * {@code kept} stay word by word: the user's latest message and system messages that came with the conversation.
     */
    public static final String CONTEXT_SUMMARISED = "context.summarised";
    /** The model is asked: {@code turn, message, model, step, tokens? (of the request, estimated)}. */
    public static final String MESSAGE_STARTED = "message.started";
    /** The request is tried again: {@code message, attempt, waitMillis, reason}. */
    public static final String MESSAGE_RETRYING = "message.retrying";
    /** Transient. A piece of an answer: {@code message, offset, text, channel: answer|reasoning}; offsets count in each channel. */
    public static final String MESSAGE_DELTA = "message.delta";
    /** A stretch of an answer: the same fields as {@link #MESSAGE_DELTA}. */
    public static final String MESSAGE_TEXT = "message.text";
    /**
     * {@code message, reason: stop|length|content_filter|cut|stopped|interrupted|error|superseded, detail?, error?: {kind, message,
     * remedy?}, usage?: {input, output, estimated, cached?, cost? (US dollars)}, durationMillis?, tooLong?}. A superseded message was asked
     * for again and is not part of the history; {@code tooLong}: because its request of so many tokens was longer than the model takes.
     */
    public static final String MESSAGE_FINISHED = "message.finished";
    /** Transient. The model begins to write a call: {@code message, ref, task}. */
    public static final String CALL_DELTA = "call.delta";
    /**
     * The model made a call: {@code call, message, ref, task, arguments (JSON object), raw, offset (in the answer's text), action?,
     * version?, effects?, title?}; for a malformed one also {@code problem}. With {@code by: user} the user wrote it in the message, as the
     * one with this {@code index}. With {@code imported} it was made elsewhere and came with a file: it is over and never runs here.
     */
    public static final String CALL_REQUESTED = "call.requested";
    /**
     * Somebody has to approve it: {@code call, approval, reasons:[text], scopes:[once|conversation|always], needs?: {reasons:[text],
     * network:[text], shares:[{name, writable, why?}], secrets:[{name, env, hosts, set, help?}], workspace, sidecars:[image]}, untrusted?:[text]}.
     * {@code needs} is what the call asks for and does not have, and which of the reasons say only that; {@code untrusted} names what entered the conversation from outside.
     */
    public static final String APPROVAL_REQUESTED = "approval.requested";
    /**
     * {@code call, approval, decision: allow|deny, scope: once|conversation|always, by: user|policy, reason?, arguments? (what the user
     * made of them), grant? (what this call gets: network, shares, secrets, workspace, as in {@link #GRANT_CHANGED})}.
     */
    public static final String APPROVAL_DECIDED = "approval.decided";
    /**
     * What is granted in this conversation from here on: {@code grants: {workspace: {network:[text], shares:[{name, source, writable,
     * forced}]}, actions:[{action, contentHash, network, shares, secrets:[name], workspace}]}, by: user|approval, call?}.
     */
    public static final String GRANT_CHANGED = "grant.changed";
    /** Which calls are asked about from here on: {@code mode?: border|always|full, rules:[{effect: allow|ask|deny, match}], approvals:[text]}. */
    public static final String POLICY_CHANGED = "policy.changed";
    /**
     * What may be spent from here on: {@code turn: {steps?, calls?, tokens?, dollars?, minutes?}, conversation: {calls?, tokens?, dollars?,
     * minutes?}}. What is left out is as for all conversations; 0 is no bound.
     */
    public static final String BUDGET_CHANGED = "budget.changed";
    /** The intent, durable before the program runs: {@code call}. */
    public static final String CALL_STARTED = "call.started";
    /** The model is not kept waiting for this call any more: it gets an interim result now and the real one in a later turn: {@code call}. */
    public static final String CALL_BACKGROUND = "call.background";
    /** Transient. What happens before the program runs, or what it says of itself: {@code call, step, done?, total?} (numbers). */
    public static final String CALL_PROGRESS = "call.progress";
    /** Transient. {@code call, stream: stdout|stderr|log, offset, text}; bytes that are no UTF-8 are shown as U+FFFD. */
    public static final String CALL_OUTPUT_DELTA = "call.output.delta";
    /**
     * A stretch of output: the same fields as {@link #CALL_OUTPUT_DELTA} and {@code bytes}, how many the text stands for. Of a task
     * whose output are events also {@code read}: how many bytes of the program's standard output it stands for.
     */
    public static final String CALL_OUTPUT = "call.output";
    /**
     * A connection over the network that the call asked for was refused or has ended: {@code call, number, host, port, allowed, reason?,
     * sent, received (bytes), durationMillis}.
     */
    public static final String CALL_CONNECTION = "call.connection";
    /** The call left a file: {@code call, artifact, name, mediaType, size}. */
    public static final String CALL_ARTIFACT = "call.artifact";
    /** {@code call, status, exit?, message?, stdout?, stderr?, durationMillis?, sandbox?}. */
    public static final String CALL_FINISHED = "call.finished";
    /**
     * The results go to the model in a new message: {@code message, results:[{call, ref, task, status, exit?, text, bytes, note?}], late?}.
     * {@code late}: real results of calls for which there was an interim one with status {@code working}.
     */
    public static final String MESSAGE_RESULTS = "message.results";
    /** The user brought the files that a call had changed back: {@code call, revert, files:[path]}; {@code revert} can be reverted in turn. */
    public static final String WORKSPACE_REVERTED = "workspace.reverted";
    /** The turn was told to stop; what is under way ends and nothing new begins: {@code turn}. */
    public static final String TURN_STOPPING = "turn.stopping";
    /**
     * {@code turn, reason: done|stopped|limit|repeated|error|interrupted, detail?, canContinue, scope?, budget?}. With a limit, {@code scope}
     * is {@code turn} or {@code conversation}, and {@code budget} names the one that was hit: {@code calls|tokens|dollars|minutes}. Who
     * continues after a budget of the conversation grants as much again of that one.
     */
    public static final String TURN_FINISHED = "turn.finished";

    private EventType() {}
}
