"""Streams of voice, face and keystrokes are refused by name; names that only look like one are not."""

from pathlib import Path

import pytest

from wellperf_models.errors import StudyError
from wellperf_models.study import load_study, prohibited_word

REFUSED = (
    "voice", "voice_tone", "voice_stress", "voiceprint_match", "voiceTone", "call_sentiment",
    "sentiment_of_calls", "Sentiment of Calls", "meeting_sentiment", "speech_tone", "speech-rate", "audio",
    "audio_features_2", "video_affect", "webcam_attention", "web_cam", "webcamMinutes", "camera_on_share",
    "face", "face_id", "FaceScore", "facial_expression", "facialexpression", "smile_score", "emotion_score",
    "detected_emotions", "emotion_from_video_calls", "emotion_recognition", "emotionRecognition",
    "keystrokes", "keystroke_dynamics", "key_strokes_per_minute", "keylogger_hours", "typing_rhythm",
    "typing-speed", "gaze_share", "eye_tracking", "EyeTracking", "eyetracker", "pupil_dilation",
    "blink_rate", "vocal_pitch", "prosody", "microphone_level", "mouse_dynamics", "affect_recognition",
    "micro_expressions", "employee_voice_pitch", "voice_call_tone", "face_to_face_expression",
    "vo\N{ZERO WIDTH SPACE}ice_level", "Ｖoice_level", "Mimik", "Tastenanschläge",
)  # fmt: skip
ALLOWED = (
    "surface_area", "interface_hours", "faceted_role", "preface", "customer_facing", "face_to_face_hours",
    "face-to-face meetings", "face_time_with_manager", "face_mask_required", "voice_of_employee",
    "Voice of the Employee survey", "employee_voice", "voice_behaviour", "promotive_voice",
    "voicemail_count", "voice_mails", "voice_calls_handled", "invoice_count", "invoices_handled",
    "video_call_hours", "video_meetings", "video_conferencing_hours", "audit_findings", "audiology_check",
    "speech_therapist", "emotional_exhaustion", "emotional_demands", "emotional_support",
    "emotion_regulation", "emotion_work", "survey_sentiment", "comment_sentiment", "customer_sentiment",
    "phone_calls", "calls_per_day", "typing_pool", "type", "keyboard_ergonomics", "key_results",
    "eye_strain", "eyesight_test", "pupils_per_teacher", "stroke_unit", "monotony", "tone_of_management",
    "exhaustion", "workload_pulse", "manager_contacts", "task_switches", "pitch_meetings", "mood_last_week",
    "meeting_mood", "camerata", "advocacy",
)  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    assert prohibited_word(name)


@pytest.mark.parametrize("name", ALLOWED)
def test_allowed(name: str) -> None:
    assert prohibited_word(name) is None


HEAD = '[study]\nname = "acme"\nas_of = 2024-12-31\nseed = 1\n'
SURVEYS = '[tables.surveys]\npath = "s.csv"\n'


@pytest.mark.parametrize(
    ("sections", "place"),
    [
        ('[tables.keystrokes]\npath = "k.csv"\n', "tables.keystrokes"),
        ('[tables.webcam]\npart_of = "surveys"\npath = "k.csv"\n', "tables.webcam"),
        (SURVEYS + '[tables.surveys.columns]\nvalue = "Voice stress"\n', "tables.surveys.columns"),
        (SURVEYS + '[tables.surveys.attributes]\nx = "facial score"\n', "tables.surveys.attributes"),
        (SURVEYS + '[tables.surveys.attributes]\ngaze = "x"\n', "tables.surveys.attributes"),
        (SURVEYS + '[tables.surveys.constants]\nmeasure = "speech_tone"\n', "tables.surveys.constants"),
        (
            SURVEYS + '[tables.surveys.wide]\nname = "measure"\nvalue = "value"\n'
            '[tables.surveys.wide.columns]\n"Eye tracking" = "x"\n',
            "tables.surveys.wide",
        ),
        ("[measures.emotion]\nlow = 0\nhigh = 1\n", "measures.emotion"),
        ('[measures.x]\nlow = 0\nhigh = 1\nlabel = "Tone of voice in calls"\n', "measures.x"),
        (
            SURVEYS + '[covariates.x]\ntable = "surveys"\ncolumn = "typing_rhythm"\ntiming = "before"\n',
            "covariates.x",
        ),
        (
            SURVEYS + '[covariates.face]\ntable = "surveys"\ntiming = "before"\n'
            '[measures.strain]\nlow = 0\nhigh = 1\n[burnout]\noutcome = "strain"\ncase_at = 1\n'
            '[burnout.models.a]\ncovariates = ["face"]\n',
            "covariates.face",
        ),
        (
            '[roi]\nprogramme = "p"\ndesign = "before_after"\nlevel = "person"\ntreated = "t"\n'
            "[roi.outcomes.vocal]\n",
            "roi.outcomes.vocal",
        ),
    ],
)
def test_a_study_that_names_one_is_refused_with_the_article(
    tmp_path: Path, sections: str, place: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(HEAD + sections, encoding="utf-8")
    with pytest.raises(
        StudyError, match=r"Regulation \(EU\) 2024/1689 \(AI Act\), Art\. 5\(1\)\(f\)"
    ) as caught:
        load_study(path)
    assert f"{place}: " in str(caught.value)
