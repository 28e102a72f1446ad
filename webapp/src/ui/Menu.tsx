import { type KeyboardEvent, type ReactNode, useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from "react";

interface Props {
  /** What the button shows. */
  readonly button: ReactNode;
  readonly label: string;
  readonly className?: string;
  readonly align?: "start" | "end";
  /** The entries: {@link MenuItem}s and headings. */
  readonly children: (close: () => void) => ReactNode;
}

const GAP = 6;
const EDGE = 8;

/** A button with a menu below it; arrows, Home, End and Escape work as in any menu. */
export function Menu({ button, label, className, align = "start", children }: Props) {
  const id = useId();
  const [open, setOpen] = useState(false);
  const trigger = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);

  const close = useCallback((focus = true) => {
    setOpen(false);
    if (focus) {
      trigger.current?.focus();
    }
  }, []);

  useLayoutEffect(() => {
    const menu = list.current;
    const anchor = trigger.current?.getBoundingClientRect();
    if (!open || !menu || !anchor) {
      return;
    }
    menu.showPopover();
    const { width, height } = menu.getBoundingClientRect();
    const left = align === "end" ? anchor.right - width : anchor.left;
    const below = anchor.bottom + GAP;
    const top = below + height > innerHeight - EDGE && anchor.top - GAP - height > EDGE ? anchor.top - GAP - height : below;
    menu.style.left = `${Math.max(EDGE, Math.min(left, innerWidth - width - EDGE))}px`;
    menu.style.top = `${top}px`;
    menu.style.maxHeight = `${innerHeight - top - EDGE}px`;
    const first = entries(menu)[0];
    // A menu that begins with a choice opens at what is chosen.
    (first?.ariaChecked === null ? first : (menu.querySelector<HTMLElement>('[aria-checked="true"]') ?? first))?.focus();
  }, [open, align]);

  useEffect(() => {
    if (!open) {
      return;
    }
    const outside = (event: Event) => {
      const target = event.target as Node;
      if (!list.current?.contains(target) && !trigger.current?.contains(target)) {
        close(false);
      }
    };
    const moved = () => close(false);
    document.addEventListener("pointerdown", outside, true);
    addEventListener("resize", moved);
    return () => {
      document.removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", moved);
    };
  }, [open, close]);

  const onKey = (event: KeyboardEvent) => {
    const items = list.current ? entries(list.current) : [];
    const at = items.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    } else if (event.key === "Tab") {
      close(false);
    }
  };

  return (
    <>
      <button
        ref={trigger}
        type="button"
        className={className}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {button}
      </button>
      {open && (
        <div ref={list} id={id} popover="manual" role="menu" aria-label={label} className="menu" onKeyDown={onKey}>
          {children(() => close())}
        </div>
      )}
    </>
  );
}

function entries(menu: HTMLElement): HTMLElement[] {
  return [...menu.querySelectorAll<HTMLElement>('[role^="menuitem"]:not([disabled])')];
}

interface ItemProps {
  readonly onSelect: () => void;
  readonly checked?: boolean;
  readonly danger?: boolean;
  readonly children: ReactNode;
}

export function MenuItem({ onSelect, checked, danger, children }: ItemProps) {
  return (
    <button
      type="button"
      role={checked === undefined ? "menuitem" : "menuitemradio"}
      aria-checked={checked}
      tabIndex={-1}
      className={danger ? "menu-item danger" : "menu-item"}
      onClick={onSelect}
    >
      {children}
    </button>
  );
}
