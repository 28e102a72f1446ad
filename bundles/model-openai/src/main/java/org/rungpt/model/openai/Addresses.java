package org.rungpt.model.openai;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Addresses that no model server has and cloud machines give their secrets at: link-local ones and the metadata service, however they
 * are written and whatever name leads to them.
 */
final class Addresses {
    private static final byte[] METADATA_V6 = {
        (byte) 0xfd, 0, 0x0e, (byte) 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54
    };
    private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};
    private static final int MAX_PARTS = 4;

    private Addresses() {}

    /** @throws IllegalArgumentException if a host (with or without a port) is such an address as it is written */
    static void refuseWritten(String hostAndPort) {
        String host = host(hostAndPort);
        byte[] bytes = host.indexOf(':') >= 0 ? v6(host) : v4(host);
        if (bytes != null && isRefused(bytes)) {
            throw new IllegalArgumentException(refusal(host, null));
        }
    }

    /** Why a host cannot be used once its name is resolved; null if it can be, or if nobody knows the name. */
    static @Nullable String refusalOf(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host(host))) {
                if (isRefused(address.getAddress()) || address.isLinkLocalAddress()) {
                    return refusal(host(host), address);
                }
            }
        } catch (UnknownHostException e) {
            // Whoever connects will say so.
        }
        return null;
    }

    private static String refusal(String host, @Nullable InetAddress address) {
        return "baseUrl: " + Redaction.plain(host, 100)
                + (address == null ? " is" : " leads to " + address.getHostAddress() + ",")
                + " a link-local or metadata address, where no model server is; it is never asked";
    }

    private static String host(String hostAndPort) {
        String host = hostAndPort;
        int bracket = host.indexOf(']');
        if (host.startsWith("[") && bracket > 0) {
            host = host.substring(1, bracket);
        } else if (host.indexOf(':') == host.lastIndexOf(':') && host.indexOf(':') >= 0) {
            host = host.substring(0, host.indexOf(':'));
        }
        int zone = host.indexOf('%');
        host = zone >= 0 ? host.substring(0, zone) : host;
        while (host.endsWith(".")) {
            host = host.substring(0, host.length() - 1);
        }
        return host.toLowerCase(Locale.ROOT);
    }

    private static boolean isRefused(byte[] address) {
        if (address.length == 4) {
            return (address[0] & 0xff) == 169 && (address[1] & 0xff) == 254;
        }
        boolean mapped = true;
        for (int i = 0; i < 10; i++) {
            mapped &= address[i] == 0;
        }
        boolean compatible = mapped && address[10] == address[11] && (address[10] == -1 || address[10] == 0);
        boolean nat64 = Arrays.equals(Arrays.copyOf(address, NAT64.length), NAT64);
        boolean sixToFour = address[0] == 0x20 && address[1] == 0x02;
        return (compatible && isRefused(Arrays.copyOfRange(address, 12, 16)))
                || (nat64 && isRefused(Arrays.copyOfRange(address, 12, 16)))
                || (sixToFour && isRefused(Arrays.copyOfRange(address, 2, 6)))
                || ((address[0] & 0xff) == 0xfe && (address[1] & 0xc0) == 0x80)
                || Arrays.equals(address, METADATA_V6);
    }

    private static byte @Nullable [] v6(String host) {
        try {
            // With a colon it is never looked up, only read.
            byte[] bytes = InetAddress.getByName(host).getAddress();
            return bytes.length == 4 ? bytes : Inet6Address.getByAddress(bytes).getAddress();
        } catch (UnknownHostException e) {
            return null;
        }
    }

    /** Reads an IPv4 address as C libraries do: one to four numbers, each decimal, octal or hexadecimal, the last one fills the rest. */
    private static byte @Nullable [] v4(String host) {
        String[] parts = host.split("\\.", -1);
        if (parts.length > MAX_PARTS) {
            return null;
        }
        long address = 0;
        for (int i = 0; i < parts.length; i++) {
            Long number = number(parts[i]);
            boolean last = i == parts.length - 1;
            long most = last ? (1L << (8 * (MAX_PARTS + 1 - parts.length))) - 1 : 255;
            if (number == null || number > most) {
                return null;
            }
            address = last ? address | number : address | number << (8 * (3 - i));
        }
        return new byte[] {(byte) (address >> 24), (byte) (address >> 16), (byte) (address >> 8), (byte) address};
    }

    private static @Nullable Long number(String text) {
        try {
            if (text.isEmpty() || text.length() > 14 || !Character.isLetterOrDigit(text.charAt(0))) {
                return null;
            }
            return text.startsWith("0x")
                    ? Long.parseLong(text.substring(2), 16)
                    : text.startsWith("0") && text.length() > 1 ? Long.parseLong(text, 8) : Long.parseLong(text);
        } catch (NumberFormatException e) {
            return null; // a name
        }
    }
}
