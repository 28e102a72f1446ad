package org.rungpt.registry;

import com.networknt.schema.path.NodePath;

/** How places in a manifest are written: {@code tasks[0].name}. */
final class Keys {
    private Keys() {}

    static String of(NodePath path) {
        String key = "";
        for (int i = 0; i < path.getNameCount(); i++) {
            Object element = path.getElement(i);
            key = element instanceof Integer index ? item(key, index) : member(key, path.getName(i));
        }
        return key;
    }

    static String member(String key, String name) {
        return key.isEmpty() ? name : key + "." + name;
    }

    static String item(String key, int index) {
        return key + "[" + index + "]";
    }
}
