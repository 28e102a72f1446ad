import { CircleCheck, RotateCw, TriangleAlert } from "lucide-react";
import { useEffect } from "react";
import { status } from "../state/app";
import { useStore } from "../state/store";
import { texts } from "../texts";

export function StatusSection() {
  const { data, error, loading } = useStore(status);
  useEffect(() => void status.reload(), []);
  const parts = [...(data?.parts ?? [])].sort((a, b) => Number(a.ready) - Number(b.ready));
  return (
    <>
      <div className="section-head">
        <p className="faint">{data && texts.status.version(data.version)}</p>
        <button type="button" className="button" disabled={loading} onClick={() => void status.reload()}>
          <RotateCw aria-hidden className={loading ? "spin" : undefined} />
          {texts.status.recheck}
        </button>
      </div>
      {error && (
        <div className="banner error" role="alert">
          <TriangleAlert aria-hidden />
          <div>
            <p>{error.message}</p>
            {error.remedy !== undefined && <p className="banner-remedy">{error.remedy}</p>}
          </div>
        </div>
      )}
      <ul className="parts">
        {parts.map((part) => (
          <li key={part.id} className={part.ready ? "part" : "part away"}>
            {part.ready ? <CircleCheck aria-hidden /> : <TriangleAlert aria-hidden />}
            <div>
              <p className="part-title">{part.title}</p>
              <p className="part-reason">{part.reason}</p>
              {part.remedy !== undefined && <p className="part-remedy">{part.remedy}</p>}
            </div>
            <span className="visually-hidden">{part.ready ? texts.settings.ready : texts.settings.notReady}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
