package org.rungpt.gate;

import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.util.function.BooleanSupplier;

/** The response that bundles get: the gate's headers stay, and errors are the gate's. */
final class GuardedResponse extends HttpServletResponseWrapper {
    private final HttpServletRequest request;
    private final Errors.Form form;
    private final BooleanSupplier away;

    /**
     * @param away whether whoever answered at this address when the request came is there no more, also if a successor is
     */
    GuardedResponse(HttpServletRequest request, HttpServletResponse response, Errors.Form form, BooleanSupplier away) {
        super(response);
        this.request = request;
        this.form = form;
        this.away = away;
    }

    @Override
    public void setHeader(String name, String value) {
        if (name.equalsIgnoreCase(Headers.CSP)) {
            // Several policies hold all together: a bundle can make it stricter.
            super.addHeader(name, value);
        } else if (isFree(name)) {
            super.setHeader(name, value);
        }
    }

    @Override
    public void addHeader(String name, String value) {
        if (name.equalsIgnoreCase(Headers.CSP) || isFree(name)) {
            super.addHeader(name, value);
        }
    }

    private static boolean isFree(String name) {
        return !Headers.isOurs(name) && !Headers.isForbidden(name);
    }

    @Override
    public void reset() {
        super.reset();
        Headers.apply((HttpServletResponse) getResponse(), form != Errors.Form.TEXT);
    }

    @Override
    public void sendError(int status) throws IOException {
        resetBuffer();
        HttpServletResponse plain = (HttpServletResponse) getResponse();
        boolean leftMeanwhile = status == 404 && away.getAsBoolean() || status == 500 && wasUnregistered();
        if (leftMeanwhile) {
            Errors.away(plain, form);
        } else {
            Errors.send(plain, form, status);
        }
    }

    /** The message is for the log of whoever sends it, not for the client. */
    @Override
    public void sendError(int status, String message) throws IOException {
        sendError(status);
    }

    /** A servlet that was found but has left before it was called. */
    private boolean wasUnregistered() {
        return request.getAttribute(RequestDispatcher.ERROR_EXCEPTION) instanceof Exception e
                && String.valueOf(e.getMessage()).contains("has been unregistered");
    }
}
