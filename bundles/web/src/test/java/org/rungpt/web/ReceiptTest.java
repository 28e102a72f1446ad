package org.rungpt.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.rungpt.api.chat.ConversationEvent;

/** What a receipt tells of a log. */
final class ReceiptTest {
    private static List<ConversationEvent> log() {
        var log = new ArrayList<ConversationEvent>();
        for (String line : """
                message.user {"message":"m_u","text":"go"}
                turn.started {"turn":"t_1","cause":"user"}
                message.started {"turn":"t_1","message":"m_a","model":"test/one","step":1}
                call.requested {"call":"c_1","message":"m_a","ref":"1","task":"web.get","arguments":{"url":"```a"},"action":"acme/web","version":"1","contentHash":"h"}
                approval.requested {"call":"c_1","approval":"a","reasons":["because"]}
                message.finished {"message":"m_a","reason":"stop","usage":{"input":100,"output":10,"estimated":false,"cost":0.25}}
                approval.decided {"call":"c_1","approval":"a","decision":"allow","scope":"once","by":"user","arguments":{"url":"b"}}
                call.started {"call":"c_1"}
                call.connection {"call":"c_1","number":1,"host":"example.org","port":443,"allowed":true,"sent":1,"received":2}
                call.connection {"call":"c_1","number":2,"host":"example.org","port":443,"allowed":true,"sent":1,"received":2}
                call.connection {"call":"c_1","number":3,"host":"10.0.0.1","port":80,"allowed":false,"reason":"private","sent":0,"received":0}
                call.finished {"call":"c_1","status":"completed","exit":0,"stdout":5,"stderr":0,"durationMillis":7,"sandbox":"s"}
                message.results {"message":"m_r","results":[{"call":"c_1","ref":"1","task":"web.get","status":"completed","text":"x","bytes":5}]}
                message.started {"turn":"t_1","message":"m_b","model":"test/one","step":2}
                message.finished {"message":"m_b","reason":"stop","usage":{"input":200,"output":20,"estimated":true,"cost":0.5}}
                turn.finished {"turn":"t_1","reason":"done","canContinue":false}
                """.lines().toList()) {
            int space = line.indexOf(' ');
            log.add(new ConversationEvent(
                    "c", log.size() + 1L, Instant.EPOCH, line.substring(0, space), line.substring(space + 1)));
        }
        return log;
    }

    private static ObjectNode receipt(String message) {
        var receipt = new Receipt("c", message);
        log().forEach(receipt::read);
        return receipt.json(
                call -> Json.array().add(Json.object().put("path", "a.txt").put("kind", "added")));
    }

    @Test
    void everyMessageOfATurnHasTheReceiptOfTheTurn() {
        for (String message : List.of("m_u", "m_a", "m_b")) {
            ObjectNode receipt = receipt(message);
            assertThat(receipt.at("/tokens/input").asLong()).isEqualTo(300);
            assertThat(receipt.at("/tokens/output").asLong()).isEqualTo(30);
            assertThat(receipt.at("/tokens/estimated").asBoolean()).isTrue();
            assertThat(receipt.path("cost").asDouble()).isEqualTo(0.75);
            assertThat(receipt.path("answers")).hasSize(2);
            assertThat(receipt.path("calls")).hasSize(1);
        }
        assertThat(receipt("m_none")).isNull();
    }

    @Test
    void aCallIsToldWithWhatRanWhatItReachedAndWhatItChanged() {
        ObjectNode receipt = receipt("m_b");
        assertThat(receipt.at("/calls/0/arguments/url").asText()).isEqualTo("b");
        assertThat(receipt.at("/calls/0/argumentsOfTheModel/url").asText()).isEqualTo("```a");
        assertThat(receipt.at("/calls/0/hosts")).hasSize(2);
        assertThat(receipt.at("/calls/0/hosts/0/connections").asInt()).isEqualTo(2);
        assertThat(receipt.at("/calls/0/hosts/0/received").asInt()).isEqualTo(4);
        assertThat(receipt.at("/calls/0/files/0/path").asText()).isEqualTo("a.txt");
        assertThat(receipt.at("/calls/0/approval/by").asText()).isEqualTo("user");
    }

    @Test
    void asMarkdownWhatOthersWroteStandsInCode() {
        String text = ReceiptText.of(receipt("m_b"));
        assertThat(text)
                .contains(
                        "- Tokens: 300 in, 30 out (partly estimated)",
                        "- Cost: $0.750000",
                        "## 1. `web.get`: completed")
                .contains("- Reached `example.org:443`: 2 connections", "- Was refused `10.0.0.1:80`")
                .contains("- File added: `a.txt`")
                .contains("\"url\" : \"b\"");
    }
}
